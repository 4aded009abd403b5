import { isDeepStrictEqual } from 'node:util';
import { isDateTime, isGoDuration } from '@ks-apiserver/apimachinery/schema/formats';
import { Optional } from '@marcbachmann/cel-js';
import { CelFailure } from './failure.ts';
import type { CheckedType, Scope } from './macro.ts';
import {
  type Check,
  callOf,
  childrenOf,
  type Evaluate,
  type Evaluator,
  type Node,
  type NodeChecker,
  operandsOf,
} from './node.ts';
import { isUnordered } from './values.ts';

const inside = (type: CheckedType): CheckedType =>
  (type.kind === 'optional' && type.valueType) || type;

/**
 * Replaces the library's `has(e.f)`, which accepts only chains of names and existing fields, by one
 * for any expression `e`.
 */
function amendHas(node: Node, operand: Node): void {
  const [receiver, name] = operand.args as [Node, string];
  node.setMeta('macro', {
    async: false,
    typeCheck(checker: NodeChecker, _macro: unknown, scope: Scope): CheckedType {
      if (operand.op !== '.' && operand.op !== '.?') {
        throw checker.createError('invalid_has', 'invalid argument to has() macro', operand);
      }

      const type = inside(checker.check(receiver, scope));

      try {
        checker.checkAccessOnType(operand, scope, type);
      } catch (error) {
        if ((error as { code?: string }).code !== 'no_such_key') {
          throw error;
        }
        throw checker.createError('undefined_in_has', `No such key: ${name}`, node);
      }

      return checker.getType('bool');
    },
    evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): boolean {
      const given = evaluator.run(receiver, scope);
      if (given instanceof Optional && !given.hasValue()) {
        return false;
      }

      const value = given instanceof Optional ? given.value() : given;

      return evaluator.debugType(value).fieldLazy(value, name, operand, evaluator) !== undefined;
    },
  });
}

/** Refuses fields that a schema does not have; the library makes them optional. */
function amendSelection(node: Node): void {
  const { check } = node.meta;

  const known: Check = (checker, given, scope) => {
    const [receiver] = node.args as [Node];
    const type = checker.check(receiver, scope);
    if (node.op === '.?' || type.kind === 'optional') {
      checker.checkAccessOnType(node, scope, inside(type));
    }

    return check(checker, given, scope);
  };

  node.setMeta('check', known);
}

const CASES: Readonly<Record<string, (text: string) => string>> = {
  lowerAscii: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  upperAscii: (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
};

/** cel-go changes the case of ASCII letters only, the library that of all letters. */
function amendCase(node: Node, receiver: Node, change: (text: string) => string): void {
  const evaluate: Evaluate = (evaluator, _node, scope) => {
    const text = evaluator.run(receiver, scope);
    if (typeof text !== 'string') {
      throw new CelFailure('no such overload');
    }

    return change(text);
  };

  node.setMeta('evaluate', evaluate);
}

const LITERALS: Readonly<Record<string, (text: string) => boolean>> = {
  timestamp: isDateTime,
  duration: isGoDuration,
};

/**
 * Refuses an invalid literal argument, such as that of `duration`, before anything is evaluated.
 */
function amendLiteral(node: Node, name: string, literal: Node): void {
  const { check } = node.meta;

  const readable: Check = (checker, given, scope) => {
    if (
      literal.op === 'value' &&
      typeof literal.args === 'string' &&
      !LITERALS[name]?.(literal.args)
    ) {
      throw checker.createError('invalid_literal', `invalid ${name} argument`, literal);
    }

    return check(checker, given, scope);
  };

  node.setMeta('check', readable);
}

/** Compares lists of type set or map in any order. */
function amendEquality(node: Node): void {
  const [left, right] = node.args as [Node, Node];

  const evaluate: Evaluate = (evaluator, _node, scope) => {
    const [a, b] = [evaluator.run(left, scope), evaluator.run(right, scope)];
    if (!(isUnordered(a) || isUnordered(b)) || !Array.isArray(a) || !Array.isArray(b)) {
      // The check of the expression has set it.
      if (!node.handle) {
        throw new CelFailure('no such overload');
      }
      return node.handle(a, b, node, evaluator);
    }

    const has = (list: readonly unknown[], item: unknown) =>
      list.some((other) => isDeepStrictEqual(other, item));
    const same =
      a.length === b.length && a.every((item) => has(b, item)) && b.every((item) => has(a, item));

    return same === (node.op === '==');
  };

  node.setMeta('evaluate', evaluate);
}

/**
 * Reports the operand of `&&` or `||` that is no bool; where both operands fail, the first one's
 * error is thrown.
 */
function amendLogic(node: Node): void {
  const { check } = node.meta;

  const logical: Check = (checker, given, scope) => {
    for (const operand of operandsOf(node)) {
      const { name, kind } = checker.check(operand, scope);
      if (name === 'bool' || kind === 'dyn') {
        continue;
      }

      throw checker.createError(
        'expected_bool',
        `expected type 'bool' but found '${name}'`,
        operand,
      );
    }

    return check(checker, given, scope);
  };

  // Either operand can decide alone, even if the other one fails.
  const deciding = node.op === '||';

  const evaluate: Evaluate = (evaluator, _node, scope) => {
    const failures: unknown[] = [];

    for (const operand of operandsOf(node)) {
      try {
        const value = evaluator.run(operand, scope);
        if (value === deciding) {
          return deciding;
        }
        if (value !== !deciding) {
          failures.push(new CelFailure('no such overload'));
        }
      } catch (error) {
        failures.push(error);
      }
    }

    if (failures.length > 0) {
      throw failures[0];
    }

    return !deciding;
  };

  node.setMeta('check', logical).setMeta('evaluate', evaluate);
}

/** The value of an optional entry; undefined where its optional is empty. */
function optionalValue(evaluator: Evaluator, node: Node, scope: Scope): unknown {
  const given = evaluator.run(node, scope);
  if (!(given instanceof Optional)) {
    throw new CelFailure(`cannot initialize optional entry from non-optional value`);
  }

  return given.hasValue() ? given.value() : undefined;
}

function optionalType(checker: NodeChecker, node: Node, scope: Scope): CheckedType {
  const type = checker.check(node, scope);
  if (type.kind === 'optional' || type.kind === 'dyn') {
    return inside(type);
  }

  throw checker.createError(
    'optional_expected',
    `expected type 'optional_type' but found '${type.name}'`,
    node,
  );
}

/** The common type of all: that of the first where they are the same, else dyn. */
function commonType(checker: NodeChecker, types: readonly CheckedType[]): CheckedType {
  const [first] = types;
  return first && types.every(({ name }) => name === first.name) ? first : checker.getType('dyn');
}

type IsMarked = (node: Node) => boolean;

function amendList(node: Node, isMarked: IsMarked): void {
  const items = operandsOf(node);
  if (!items.some(isMarked)) {
    return;
  }

  const check: Check = (checker, _node, scope) =>
    checker.registry.getListType(
      commonType(
        checker,
        items.map((item) =>
          isMarked(item)
            ? optionalType(checker, item.args as Node, scope)
            : checker.check(item, scope),
        ),
      ),
    );

  const evaluate: Evaluate = (evaluator, _node, scope) =>
    items.flatMap((item) => {
      if (!isMarked(item)) {
        return [evaluator.run(item, scope)];
      }

      const value = optionalValue(evaluator, item.args as Node, scope);
      return value === undefined ? [] : [value];
    });

  node.setMeta('check', check).setMeta('evaluate', evaluate).setMeta('async', false);
}

function amendMap(node: Node, isMarked: IsMarked): void {
  const entries = node.args as [Node, Node][];
  if (!entries.some(([key]) => isMarked(key))) {
    return;
  }

  const keyOf = (key: Node) => (isMarked(key) ? (key.args as Node) : key);

  const check: Check = (checker, _node, scope) =>
    checker.registry.getMapType(
      commonType(
        checker,
        entries.map(([key]) => checker.check(keyOf(key), scope)),
      ),
      commonType(
        checker,
        entries.map(([key, value]) =>
          isMarked(key) ? optionalType(checker, value, scope) : checker.check(value, scope),
        ),
      ),
    );

  const evaluate: Evaluate = (evaluator, _node, scope) => {
    const map: Record<string, unknown> = Object.create(null);

    for (const [key, value] of entries) {
      const made = isMarked(key)
        ? optionalValue(evaluator, value, scope)
        : evaluator.run(value, scope);

      if (made !== undefined) {
        map[String(evaluator.run(keyOf(key), scope))] = made;
      }
    }

    return Object.fromEntries(Object.entries(map));
  };

  node.setMeta('check', check).setMeta('evaluate', evaluate).setMeta('async', false);
}

function amendCall(node: Node): void {
  const { name = '', receiver, args = [] } = callOf(node) ?? {};
  const [first] = args;

  if (receiver) {
    const change = Object.hasOwn(CASES, name) ? CASES[name] : undefined;
    if (change && args.length === 0) {
      amendCase(node, receiver, change);
    }
  } else if (first && args.length === 1) {
    if (name === 'has') {
      amendHas(node, first);
    } else if (Object.hasOwn(LITERALS, name)) {
      amendLiteral(node, name, first);
    }
  }
}

/**
 * Changes the nodes of a parsed expression to behave as in Kubernetes; `marks` are the positions of
 * optional entries.
 */
export function amend(node: Node, marks: ReadonlySet<number>): void {
  const isMarked: IsMarked = ({ op, pos }) => op === '!_' && marks.has(pos);

  for (const child of childrenOf(node)) {
    amend(child, marks);
  }

  switch (node.op) {
    case 'call':
    case 'rcall':
      amendCall(node);
      return;
    case '==':
    case '!=':
      amendEquality(node);
      return;
    case '&&':
    case '||':
      amendLogic(node);
      return;
    case '.':
    case '.?':
      amendSelection(node);
      return;
    case 'list':
      amendList(node, isMarked);
      return;
    case 'map':
      amendMap(node, isMarked);
  }
}
