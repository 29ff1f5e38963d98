// The server that tests, conformance and the bench show their pages with.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { filesOf, isolating, servePages } from "../../scripts/lib/pages.mjs";

const dir = mkdtempSync(join(tmpdir(), "tbuf-pages-"));
mkdirSync(join(dir, "site/sub"), { recursive: true });
for (const path of ["secret", "site/index.html", "site/sub/a.js", "site/b.wasm", "site/c"]) {
  writeFileSync(join(dir, path), path);
}
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("serves a folder with its types, and stops", async () => {
  const site = await servePages(filesOf(join(dir, "site")));
  const typeOf = async (path: string) =>
    (await fetch(`${site.url}${path}`)).headers.get("content-type");
  expect(await (await fetch(site.url)).text()).toBe("site/index.html");
  expect(await typeOf("")).toMatch("text/html");
  expect(await typeOf("sub/a.js?x=1")).toMatch("text/javascript");
  expect(await typeOf("b.wasm")).toBe("application/wasm");
  expect(await typeOf("c")).toBe("application/octet-stream");
  expect((await fetch(`${site.url}sub/none.js`)).status).toBe(404);
  await site.close();
  await expect(fetch(site.url)).rejects.toThrow();
});

it.each([
  "/../secret",
  "/sub/../../secret",
  "/%2e%2e/secret",
  "/..%2fsecret",
  "/..\\secret",
  "//../secret",
  "../secret",
  "http://other/../secret",
])("does not leave the folder by %s", async (path) => {
  const site = await servePages(filesOf(join(dir, "site")));
  const { port } = new URL(site.url);
  const status = await new Promise((resolve, reject) => {
    // Not fetch, which tidies the path itself.
    get({ port, path, host: "127.0.0.1" }, (response) => resolve(response.resume().statusCode)).on(
      "error",
      reject,
    );
  });
  expect([400, 404]).toContain(status);
  await site.close();
});

it.each([true, false])("isolates its pages: %s", async (isolated) => {
  const site = await servePages(() => "", { isolated });
  const { headers } = await fetch(site.url);
  for (const [name, value] of Object.entries(isolating)) {
    expect(headers.get(name)).toBe(isolated ? value : null);
  }
  await site.close();
});

it("hands over what a page posts", async () => {
  const heard: string[] = [];
  const receive = (body: string) => heard.push(body);
  const site = await servePages(() => undefined, { receive });
  await fetch(`${site.url}report`, { method: "POST", body: "é" });
  expect(heard).toEqual(["é"]);
  await site.close();
});
