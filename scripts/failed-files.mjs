// A reporter of node:test that prints the files of failed tests, one per line, for test.mjs.
export default async function* failedFiles(events) {
  for await (const { type, data } of events) {
    if (type === 'test:fail') {
      yield `${data.file ?? data.name}\n`;
    }
  }
}
