import type { CheckedType, Checker, Scope } from './macro.ts';

/** What the library evaluates expressions with. */
export interface Evaluator {
  run(node: Node, scope: Scope): unknown;
  debugType(value: unknown): {
    fieldLazy(value: unknown, name: string, node: Node, evaluator: Evaluator): unknown;
  };
}

/** What the library checks parts with, with what it knows of the types of objects. */
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

/** How the type of a part is found. */
export type Check = (checker: NodeChecker, node: Node, scope: Scope) => CheckedType;

/** How the value of a part is found. */
export type Evaluate = (evaluator: Evaluator, node: Node, scope: Scope) => unknown;

/** A part of a parsed expression, with what the library lets be replaced in it. */
export interface Node {
  op: string;
  args: unknown;
  start: number;
  end: number;
  pos: number;
  meta: { check: Check; evaluate: Evaluate; alternate?: Node };
  evaluate: unknown;
  /** What an operator does with its operands. */
  handle?: (left: unknown, right: unknown, node: Node, evaluator: Evaluator) => unknown;
  setMeta(key: 'check' | 'evaluate' | 'macro' | 'async', value: unknown): Node;
}

/** The parts that the text of a part holds. */
export function childrenOf({ op, args }: Node): readonly Node[] {
  switch (op) {
    case 'value':
    case 'id':
      return [];
    case '!_':
    case '-_':
      return [args as Node];
    case '.':
    case '.?':
      return (args as Node[]).slice(0, 1);
    case 'map':
      return (args as Node[][]).flat();
    case 'call':
      return (args as [string, Node[]])[1];
    case 'rcall': {
      const [, receiver, rest] = args as [string, Node, Node[]];
      return [receiver, ...rest];
    }
    default:
      return Array.isArray(args) ? (args as Node[]) : [];
  }
}
