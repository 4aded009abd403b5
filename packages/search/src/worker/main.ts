// The threads of the store: one that writes, and some that read.
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerAnswer, WorkerCall, WorkerNotice, WorkerOptions } from './protocol.ts';
import { StoreReader } from './reader.ts';
import { StoreWriter } from './writer.ts';

const port = parentPort;
if (!port) {
  throw new Error('this file is started as a thread');
}

const options: WorkerOptions = workerData;
const post = (message: WorkerAnswer | WorkerNotice) => port.postMessage(message);
const role =
  options.role === 'writer' ? new StoreWriter(options, post) : new StoreReader(options, post);

port.on('message', (call: WorkerCall) => {
  if (call.task.type !== 'close') {
    role.take(call);
    return;
  }

  role.close();
  post({ type: 'result', id: call.id, result: undefined });
  port.close();
});
