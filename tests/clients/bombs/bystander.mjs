// The thread of bombs.mjs that asks small queries, one after the other, and tells how long they took.
import { Agent } from 'node:http';
import { parentPort } from 'node:worker_threads';
import { ask, text } from '../shared.mjs';

const agent = new Agent({ keepAlive: true });
let times = [];
parentPort.on('message', () => {
  parentPort.postMessage(times);
  times = [];
});
for (;;) {
  const began = performance.now();
  await ask(text('viewer'), undefined, { agent });
  times.push(performance.now() - began);
}
