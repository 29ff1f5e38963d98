// A page of a project, opened in a browser.

import type { Browser, Page } from "puppeteer-core";
import { listen } from "../../scripts/lib/browsers.mjs";

/** What there is to see of a page, and what went wrong on it. */
export class OpenPage {
  readonly errors: string[] = [];
  readonly logged: string[] = [];

  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
    listen(page, (text, isError) => (isError ? this.errors : this.logged).push(text));
  }

  static async open(browser: Browser, url: string): Promise<OpenPage> {
    const open = new OpenPage(await browser.newPage());
    await open.page.goto(url);
    return open;
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
