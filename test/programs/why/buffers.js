// Buffers of Node: 128 MiB outside V8's heap.
const buffers = Array.from({length: 128}, () => Buffer.alloc(1024 * 1024, 1));
process.stdout.write('ready\n');
setInterval(() => buffers.length, 1000);
