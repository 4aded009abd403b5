// Answers of the server are read as they are: tests and benchmarks check what they need of them.
interface Response {
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the call.
  json(): Promise<any>;
}
