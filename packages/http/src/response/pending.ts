/** The result of a filter: undefined when there was nothing to wait for. */
export type Pending = void | Promise<void>;
