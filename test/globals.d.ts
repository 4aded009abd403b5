// Answers of the server are read without types: tests and benchmarks check the fields that they
// need.
interface Response {
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the call.
  json(): Promise<any>;
}
