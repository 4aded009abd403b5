/** The error of a function whose arguments are invalid; the message is Kubernetes'. */
export class CelFailure extends Error {}
