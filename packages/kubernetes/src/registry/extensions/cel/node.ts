import type { CheckedType, Checker, Scope } from './macro.ts';

/** The library's evaluator. */
export interface Evaluator {
  run(node: Node, scope: Scope): unknown;
  debugType(value: unknown): {
    fieldLazy(value: unknown, name: string, node: Node, evaluator: Evaluator): unknown;
  };
}

/** The library's type checker, with its registry of types. */
export interface NodeChecker extends Checker {
  check(node: Node, scope: Scope): CheckedType;
  registry: {
    getListType(item: CheckedType): CheckedType;
    getMapType(key: CheckedType, value: CheckedType): CheckedType;
  };
  checkAccessOnType(
    node: Node,
    scope: Scope,
    type: CheckedType,
    allowMissing?: boolean,
  ): CheckedType;
}

/** Finds the type of a node. */
export type Check = (checker: NodeChecker, node: Node, scope: Scope) => CheckedType;

/** Finds the value of a node. */
export type Evaluate = (evaluator: Evaluator, node: Node, scope: Scope) => unknown;

/** A node of a parsed expression, with the functions that can be replaced in it. */
export interface Node {
  op: string;
  args: unknown;
  start: number;
  end: number;
  pos: number;
  meta: { check: Check; evaluate: Evaluate; alternate?: Node };
  evaluate: unknown;
  /** Applies an operator to its operands. */
  handle?: (left: unknown, right: unknown, node: Node, evaluator: Evaluator) => unknown;
  setMeta(key: 'check' | 'evaluate' | 'macro' | 'async', value: unknown): Node;
}

/** A call of a function or a method, whose receiver is undefined for a function. */
export interface CallParts {
  name: string;
  receiver: Node | undefined;
  args: readonly Node[];
}

/** What a node calls; undefined for a node that is no call. */
export function callOf({ op, args }: Node): CallParts | undefined {
  if (op === 'call') {
    const [name, operands] = args as [string, Node[]];
    return { name, receiver: undefined, args: operands };
  }

  if (op === 'rcall') {
    const [name, receiver, operands] = args as [string, Node, Node[]];
    return { name, receiver, args: operands };
  }

  return undefined;
}

/** The operands of an operator, the items of a list, and the like. */
export function operandsOf({ args }: Node): readonly Node[] {
  return Array.isArray(args) ? args : [];
}

/** The nodes that a node consists of. */
export function childrenOf(node: Node): readonly Node[] {
  const { op, args } = node;

  switch (op) {
    case 'value':
    case 'id':
      return [];
    case '!_':
    case '-_':
      return [args as Node];
    case '.':
    case '.?':
      return operandsOf(node).slice(0, 1);
    case 'map':
      return (args as Node[][]).flat();
    case 'call':
    case 'rcall': {
      const { receiver, args: operands = [] } = callOf(node) ?? {};
      return receiver ? [receiver, ...operands] : operands;
    }
    default:
      return operandsOf(node);
  }
}
