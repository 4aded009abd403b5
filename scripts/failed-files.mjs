// A reporter of node:test that tells the files of tests that failed, a line each: a part of
// test.mjs.
export default async function* failedFiles(events) {
  for await (const { type, data } of events) {
    if (type === 'test:fail') {
      yield `${data.file ?? data.name}\n`;
    }
  }
}
