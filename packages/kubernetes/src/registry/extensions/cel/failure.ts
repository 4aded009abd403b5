/** A function that an expression calls refuses its arguments; the message is Kubernetes'. */
export class CelFailure extends Error {}
