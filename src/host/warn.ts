// Telling the program's author of something that is no error, where it can be seen: by Node's, Deno's and Bun's
// warnings, which a program can listen to and a user can turn off, else by the console.

interface Runtime {
  readonly process?: {
    readonly emitWarning?: (text: string, options: { type: string; code: string }) => void;
  };
  readonly console?: { readonly warn?: (text: string) => void };
}

/** @param code names the kind of warning, as `TBUF_NO_EVENT` */
export function warn(code: string, text: string): void {
  const { process, console } = globalThis as Runtime;
  if (process?.emitWarning) process.emitWarning(text, { type: "TbufWarning", code });
  else console?.warn?.(`tbuf: ${text}`);
}
