/** What is used of the WebAssembly JavaScript Interface, which the types of the language leave to browsers. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module';
  }
  interface Instance {
    readonly exports: object;
  }
  const Module: new (bytes: Uint8Array) => Module;
  const Instance: new (module: Module, imports?: Readonly<Record<string, object>>) => Instance;
}
