// What the guards have in common: which files make up the repository, and what a file imports.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Import {
  /** What stands between the quotes; undefined when the name is computed at run time. */
  specifier: string | undefined;
  line: number;
}

interface WasmGlobal {
  value: number;
}

/** The little of WebAssembly that the guards use: only TypeScript's library for pages has it. */
interface Wasm {
  Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): object[];
    exports(module: object): { name: string; kind: string }[];
  };
  Instance: new (module: object) => { exports: Record<string, unknown> };
  Global: new (type: object) => WasmGlobal;
}

export const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;

/** Paths, relative to the root, of the files that are in git or would be added by `git add .`. */
export function repositoryFiles(): string[] {
  // A CI machine may check out as another user; git would refuse to list the files then.
  const args = ["-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"];
  const listing = execFileSync("git", args, { cwd: root, encoding: "utf8" });
  const paths = listing.split("\0").filter((path) => path !== "");
  return [...new Set(paths)].filter((path) => existsSync(join(root, path))).sort();
}

export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Reads an output of the build; says what to do when there is none. */
export function readBuilt(path: string): Uint8Array<ArrayBuffer> {
  if (!existsSync(join(root, path))) throw new Error(`${path} is missing: npm run build`);
  return new Uint8Array(readFileSync(join(root, path)));
}

/** Parses TypeScript, JavaScript or AssemblyScript; of the last, enough to see its names. */
export function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

export function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** Calls `visit` with each node below `source`, in the order of the text. */
export function walk(source: ts.SourceFile, visit: (node: ts.Node) => void): void {
  const step = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, step);
  };
  ts.forEachChild(source, step);
}

/** Everything `text` imports: static, re-exported, dynamic, required, or named in a type. */
export function importsOf(path: string, text: string): Import[] {
  const source = parse(path, text);
  const found: Import[] = [];
  const add = (node: ts.Node, name: ts.Node | undefined): void => {
    const literal = name !== undefined && ts.isStringLiteralLike(name) ? name.text : undefined;
    found.push({ specifier: literal, line: lineOf(source, node) });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node, node.moduleSpecifier);
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node, node.moduleSpecifier);
    } else if (ts.isImportTypeNode(node)) {
      const name = ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
      add(node, name);
    } else if (ts.isCallExpression(node) && callsLoader(node)) {
      add(node, node.arguments[0]);
    }
  });
  return found;
}

function callsLoader(call: ts.CallExpression): boolean {
  const callee = call.expression;
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === "require";
  return ts.isPropertyAccessExpression(callee) && callee.name.text === "getBuiltinModule";
}
