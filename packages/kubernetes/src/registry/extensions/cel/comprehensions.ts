import { type Environment, Optional } from '@marcbachmann/cel-js';
import { compareValues } from './compare.ts';
import { CelFailure } from './failure.ts';
import {
  type CheckedType,
  type Checker,
  type Macro,
  type MacroArguments,
  macro,
  type Node,
  type Scope,
} from './macro.ts';

type Entry = readonly [key: unknown, value: unknown];

interface Bound {
  key: Scope;
  value: Scope;
}

function variable(checker: Checker, node: Node): string {
  if (node.op === 'id') {
    return node.args as string;
  }
  throw checker.createError('invalid_macro_argument', 'argument is not an identifier', node);
}

/** Checks a range and binds its two variables: index and item of a list, key and value of a map. */
function bind(
  checker: Checker,
  [range, key, value]: MacroArguments,
  scope: Scope,
  state: Record<string, unknown>,
): Scope {
  const type = checker.check(range, scope);
  const dyn = checker.getType('dyn');

  if (type.kind !== 'list' && type.kind !== 'map' && type.kind !== 'dyn') {
    throw checker.createError(
      'invalid_comprehension_range',
      `expression of type '${type.name}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      range,
    );
  }

  const keyType = type.kind === 'list' ? checker.getType('int') : (type.keyType ?? dyn);
  const outer = scope.forkWithVariable(variable(checker, key), keyType);
  const inner = outer.forkWithVariable(variable(checker, value), type.valueType ?? dyn);

  state.bound = { key: outer, value: inner } satisfies Bound;

  return inner;
}

function entriesOf(range: unknown): Entry[] {
  if (Array.isArray(range)) {
    return range.map((item, index) => [BigInt(index), item]);
  }
  if (range instanceof Map) {
    return [...range.entries()];
  }
  if (range !== null && typeof range === 'object') {
    return Object.entries(range);
  }

  throw new CelFailure('no such overload');
}

function* scopes(
  range: unknown,
  scope: Scope,
  evaluator: unknown,
  state: Record<string, unknown>,
): Generator<[Scope, Entry]> {
  const bound = state.bound as Bound;

  for (const entry of entriesOf(range)) {
    const key = bound.key.reuse(scope).setIterValue(entry[0], evaluator);
    yield [bound.value.reuse(key).setIterValue(entry[1], evaluator), entry];
  }
}

/** A comprehension of two variables that evaluates a condition for every entry. */
function quantifier(decide: (answers: Generator<boolean>) => boolean): Macro {
  return {
    check(checker, args, scope, _node, state) {
      checker.check(args[3], bind(checker, args, scope, state));
      return checker.getType('bool');
    },
    evaluate(run, args, scope, evaluator, state) {
      function* answers(): Generator<boolean> {
        for (const [inner] of scopes(run(args[0]), scope, evaluator, state)) {
          yield run(args[3], inner) === true;
        }
      }

      return decide(answers());
    },
  };
}

function count(answers: Generator<boolean>): number {
  let number = 0;

  for (const answer of answers) {
    if (answer) {
      number++;
    }
  }

  return number;
}

/** Whether an answer is true; evaluates none after that. */
function some(answers: Generator<boolean>): boolean {
  for (const answer of answers) {
    if (answer) {
      return true;
    }
  }

  return false;
}

/** Whether all answers are true; evaluates none after one that is not. */
function every(answers: Generator<boolean>): boolean {
  for (const answer of answers) {
    if (!answer) {
      return false;
    }
  }

  return true;
}

/** A comprehension of two variables that maps every entry, or every entry that a filter accepts. */
function transform(into: 'list' | 'map' | 'entries', { filtered } = { filtered: false }): Macro {
  const at = filtered ? 4 : 3;

  return {
    check(checker, args, scope, _node, state): CheckedType {
      const inner = bind(checker, args, scope, state);

      if (filtered) {
        checker.check(args[3], inner);
      }

      checker.check(args[at], inner);

      return checker.getType(into === 'list' ? 'list' : 'map');
    },
    evaluate(run, args, scope, evaluator, state) {
      const list: unknown[] = [];
      const map: Record<string, unknown> = {};

      for (const [inner, [key]] of scopes(run(args[0]), scope, evaluator, state)) {
        if (filtered && run(args[3], inner) !== true) {
          continue;
        }

        const made = run(args[at], inner);

        if (into === 'list') {
          list.push(made);
        } else if (into === 'map') {
          define(map, String(key), made);
        } else {
          for (const [name, value] of entriesOf(made)) {
            define(map, String(name), value);
          }
        }
      }

      return into === 'list' ? list : map;
    },
  };
}

function define(map: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * Checks a list or an optional, and then an expression in which a variable stands for the value in
 * it. Returns the type of the list or optional.
 */
function checkWithValue(
  checker: Checker,
  [receiver, name, expression]: MacroArguments,
  scope: Scope,
  state: Record<string, unknown>,
): CheckedType {
  const type = checker.check(receiver, scope);

  const inner = scope.forkWithVariable(
    variable(checker, name),
    type.valueType ?? checker.getType('dyn'),
  );

  state.bound = inner;
  checker.check(expression, inner);

  return type;
}

/** `optMap` and `optFlatMap`: an expression evaluated with the value of an optional that has one. */
function optional({ flat }: { flat: boolean }): Macro {
  return {
    check(checker, args, scope, _node, state) {
      checkWithValue(checker, args, scope, state);
      return checker.getType('optional');
    },
    evaluate(run, [receiver, , expression], scope, evaluator, state) {
      const given = run(receiver);
      if (!(given instanceof Optional)) {
        throw new CelFailure('no such overload');
      }
      if (!given.hasValue()) {
        return Optional.none();
      }

      const inner = (state.bound as Scope).reuse(scope).setIterValue(given.value(), evaluator);
      const made = run(expression, inner);

      return flat ? made : Optional.of(made);
    },
  };
}

/** `sortBy`: a list, sorted by the value of an expression for each item. */
const sortBy: Macro = {
  check(checker, args, scope, _node, state) {
    return checkWithValue(checker, args, scope, state);
  },
  evaluate(run, [receiver, , expression], scope, evaluator, state) {
    const keyed = entriesOf(run(receiver)).map(([, item]) => {
      const inner = (state.bound as Scope).reuse(scope).setIterValue(item, evaluator);
      return { item, key: run(expression, inner) };
    });

    return keyed.sort((a, b) => compareValues(a.key, b.key)).map(({ item }) => item);
  },
};

/** cel-go's comprehensions of two variables, macros of optionals, and `sortBy`. */
export function addComprehensions(environment: Environment): void {
  const add = (signature: string, made: Macro) =>
    environment.registerFunction(signature, macro(made));
  add('list.all(ast, ast, ast): bool', quantifier(every));
  add('list.exists(ast, ast, ast): bool', quantifier(some));

  for (const name of ['exists_one', 'existsOne']) {
    add(
      `list.${name}(ast, ast, ast): bool`,
      quantifier((answers) => count(answers) === 1),
    );
  }

  add('list.transformList(ast, ast, ast): list<dyn>', transform('list'));
  add('list.transformList(ast, ast, ast, ast): list<dyn>', transform('list', { filtered: true }));
  add('list.transformMap(ast, ast, ast): map', transform('map'));
  add('list.transformMap(ast, ast, ast, ast): map', transform('map', { filtered: true }));
  add('list.transformMapEntry(ast, ast, ast): map', transform('entries'));
  add('list.transformMapEntry(ast, ast, ast, ast): map', transform('entries', { filtered: true }));
  add('list.sortBy(ast, ast): list<dyn>', sortBy);
  add('optional.optMap(ast, ast): optional<dyn>', optional({ flat: false }));
  add('optional.optFlatMap(ast, ast): optional<dyn>', optional({ flat: true }));
}
