// The worker thread of the embedded metrics store.
import { parentPort, workerData } from 'node:worker_threads';
import { WorkerService } from './service.ts';

if (parentPort) {
  const port = parentPort;
  const service = WorkerService.start(workerData, (message) => port.postMessage(message));

  // A store that cannot be opened ends the thread with its error.
  service.catch((error: unknown) => {
    setImmediate(() => {
      throw error;
    });
  });

  // Messages that come before the store is open wait for it.
  port.on('message', (message) => {
    service.then(
      (ready) => ready.take(message),
      () => {},
    );
  });
}
