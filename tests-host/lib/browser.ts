// Pages of a project, served and opened in headless Chromium.

import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { type Browser, launch, type Page } from "puppeteer-core";

const types: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

/** The headers that let a page share memory. */
export const isolating = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Serves the files of a folder. An icon that it has not, and browsers ask for, is no error. */
export function filesOf(dir: string): RequestListener {
  return (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    try {
      const bytes = readFileSync(join(dir, path));
      response.setHeader("Content-Type", types[extname(path)] ?? "application/octet-stream");
      response.end(bytes);
    } catch {
      response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end();
    }
  };
}

/** A server on a free port of this machine. */
export class Site {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param isolated whether its pages may share memory */
  static async open(listener: RequestListener, isolated: boolean): Promise<Site> {
    const server = createServer((request, response) => {
      if (isolated) response.setHeaders(new Map(Object.entries(isolating)));
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Site(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** What there is to see of a page, and what went wrong on it. */
export class OpenPage {
  readonly errors: string[] = [];
  readonly logged: string[] = [];

  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
      else this.logged.push(message.text());
    });
  }

  /** The page's `output`, once it has a value. Throws what went wrong on the page instead. */
  async output(): Promise<string> {
    try {
      const wanted = "document.querySelector('output')?.value";
      const handle = await this.page.waitForFunction(wanted, { timeout: 20_000 });
      return (await handle.jsonValue()) as string;
    } catch (error) {
      throw new Error(`no output: ${[error, ...this.errors].join("\n")}`);
    }
  }

  /** The files that the page offers for download. */
  async files(): Promise<Map<string, Uint8Array>> {
    const script = `Promise.all([...document.querySelectorAll("a[download]")].map(async (link) =>
      [link.download, [...new Uint8Array(await (await fetch(link.href)).arrayBuffer())]]))`;
    const files = (await this.page.evaluate(script)) as [string, number[]][];
    return new Map(files.map(([name, bytes]) => [name, Uint8Array.from(bytes)]));
  }
}

export class Chromium {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(executablePath: string): Promise<Chromium> {
    // As root, and in containers, it has no sandbox.
    return new Chromium(await launch({ executablePath, args: ["--no-sandbox"] }));
  }

  async open(url: string): Promise<OpenPage> {
    const open = new OpenPage(await this.#browser.newPage());
    await open.page.goto(url);
    return open;
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
