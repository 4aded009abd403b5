/** A node of a parsed expression. */
export interface Node {
  op: string;
  args: unknown;
}

/** A type that the checker knows. */
export interface CheckedType {
  name: string;
  kind: string;
  keyType?: CheckedType;
  valueType?: CheckedType;
}

/** The library's scope of variables. */
export interface Scope {
  forkWithVariable(name: string, type: CheckedType): Scope;
  reuse(parent: Scope): Scope;
  setIterValue(value: unknown, evaluator: unknown): Scope;
}

/** The library's type checker. */
export interface Checker {
  check(node: Node, scope: Scope): CheckedType;
  getType(name: string): CheckedType;
  createError(code: string, message: string, node?: Node): Error;
}

/**
 * The arguments of a macro, the receiver first. The checker calls a macro only with as many as its
 * signature has; a macro must not read more.
 */
export type MacroArguments = readonly [Node, Node, Node, Node, Node];

/** A function that gets its arguments before they are evaluated. */
export interface Macro {
  check(
    checker: Checker,
    args: MacroArguments,
    scope: Scope,
    node: Node,
    state: Record<string, unknown>,
  ): CheckedType;
  evaluate(
    run: (node: Node, scope?: Scope) => unknown,
    args: MacroArguments,
    scope: Scope,
    evaluator: unknown,
    state: Record<string, unknown>,
  ): unknown;
}

interface Call {
  ast: Node & { setMeta(key: string, value: unknown): void };
  args: Node[];
  receiver: Node | null;
}

/** Brings a macro into the form that the library registers. */
export function macro({ check, evaluate }: Macro): (call: Call) => unknown {
  return ({ ast, args, receiver }) => {
    const all = (receiver ? [receiver, ...args] : args) as unknown as MacroArguments;
    const state: Record<string, unknown> = {};

    return {
      async: false,
      typeCheck(checker: Checker, _macro: unknown, scope: Scope) {
        ast.setMeta('async', false);
        return check(checker, all, scope, ast, state);
      },
      evaluate(
        evaluator: { run(node: Node, scope: Scope): unknown },
        _macro: unknown,
        scope: Scope,
      ) {
        const run = (node: Node, inner = scope) => evaluator.run(node, inner);
        return evaluate(run, all, scope, evaluator, state);
      },
    };
  };
}
