import type { SyntaxNode } from '@lezer/common';
import {
  checkAggregation,
  checkCall,
  checkOperation,
  checkSigned,
  type UncheckedOperation,
} from './check.ts';
import { groupingLabels, operatorModifiers } from './clauses.ts';
import {
  type AggregationOperator,
  type BinaryOperation,
  type Expression,
  negate,
  typeOf,
  type VectorMatching,
} from './expression.ts';
import { modified, type Placed } from './modifiers.ts';
import { isBinaryOperator, isSetOperator, POWER, precedenceOf } from './operators.ts';
import { numberOf, selectorOf, stringOf } from './selectors.ts';
import { flatten, type Item } from './text/flatten.ts';
import type { Source, Span } from './text/source.ts';
import { childrenOf, MAX_DEPTH, tooDeep } from './text/tree.ts';

/** Items that are still to be read. */
interface Items {
  readonly all: readonly Item[];
  at: number;
}

const aggregations: ReadonlyMap<string, AggregationOperator> = new Map(
  (
    [
      ...['avg', 'bottomk', 'count', 'count_values', 'group', 'max', 'min', 'quantile'],
      ...['stddev', 'stdvar', 'sum', 'topk'],
    ] as const
  ).map((name) => [name, name]),
);

const oneToOne: VectorMatching = {
  cardinality: 'one-to-one',
  clause: 'ignoring',
  labels: [],
  include: [],
};

/** Makes the expression of a syntax tree, and checks its types as Prometheus does. */
export class Converter {
  readonly #source: Source;
  #level = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Returns the expression of a node. */
  convert(node: SyntaxNode): Placed {
    let inner = node;
    while (inner.name === 'ParenExpr') {
      [inner = node] = childrenOf(inner);
    }

    const { expression, depth } = this.#operation({ all: flatten(this.#source, inner), at: 0 }, 0);

    return { expression, depth, span: node };
  }

  /** Reads operands and operators that bind at least as tightly as `minimum`. */
  #operation(items: Items, minimum: number): Placed {
    this.#level += 1;
    // An operator and its right operand in parentheses are two levels.
    if (this.#level > 2 * MAX_DEPTH) {
      throw tooDeep();
    }

    let left = this.#signed(items);

    for (let item = items.all[items.at]; item?.type === 'operator'; item = items.all[items.at]) {
      const operator = this.#operator(item.span);
      const precedence = precedenceOf(operator);

      if (precedence < minimum) {
        break;
      }

      items.at += 1;

      const right = this.#operation(items, operator === '^' ? POWER : precedence + 1);
      const unchecked = {
        operator,
        left,
        right,
        place: item.span,
        ...operatorModifiers(this.#source, item.nodes),
      };

      left = this.#placed(this.#binary(unchecked), { from: left.span.from, to: right.span.to }, [
        left,
        right,
      ]);
    }

    this.#level -= 1;

    return left;
  }

  #operator(span: Span) {
    const operator = this.#source.slice(span).toLowerCase();

    if (!isBinaryOperator(operator)) {
      throw this.#source.error(span.from, `unexpected <op:${operator}>`);
    }

    return operator;
  }

  /** Reads an operand with the signs before it and the modifiers behind it. */
  #signed(items: Items): Placed {
    const item = items.all[items.at];
    items.at += 1;

    if (item?.type === 'sign') {
      const operand = this.#operation(items, POWER);
      checkSigned(this.#source, item.span.from, operand.expression);

      const expression = item.minus ? negate(operand.expression) : operand.expression;

      return this.#placed(expression, { from: item.span.from, to: operand.span.to }, [operand]);
    }

    if (item?.type !== 'operand') {
      throw this.#source.error(item?.span.from ?? 0, 'unexpected operator');
    }

    let operand = this.#operand(item.node, item.span);

    for (let next = items.all[items.at]; next?.type === 'modifier'; next = items.all[items.at]) {
      const expression = modified(this.#source, next.node, operand);

      operand = this.#placed(expression, { from: operand.span.from, to: next.span.to }, [operand]);
      items.at += 1;
    }

    return operand;
  }

  #operand(node: SyntaxNode, span: Span): Placed {
    switch (node.name) {
      case 'ParenExpr':
        return this.convert(node);
      case 'NumberDurationLiteral':
        return this.#placed({ kind: 'number', value: numberOf(this.#source, span) }, span);
      case 'StringLiteral':
        return this.#placed({ kind: 'string', value: stringOf(this.#source, node) }, span);
      case 'VectorSelector':
        return this.#placed(selectorOf(this.#source, node), span);
      case 'FunctionCall':
        return this.#call(node);
      case 'AggregateExpr':
        return this.#aggregation(node);
      default:
        throw this.#source.error(node.from, 'unexpected expression');
    }
  }

  #arguments(node: SyntaxNode): Placed[] {
    const body = node.getChild('FunctionCallBody');
    return (body ? childrenOf(body) : []).map((child) => this.convert(child));
  }

  #call(node: SyntaxNode): Placed {
    const identifier = node.getChild('FunctionIdentifier');
    const name = identifier ? this.#source.slice(identifier) : '';
    const args = this.#arguments(node);

    checkCall(this.#source, node.from, name, args);

    const expressions = args.map(({ expression }) => expression);

    return this.#placed({ kind: 'call', name, args: expressions }, node, args);
  }

  #aggregation(node: SyntaxNode): Placed {
    const [first] = childrenOf(node);
    const name = first ? this.#source.slice(first).toLowerCase() : '';
    const operator = aggregations.get(name);
    const args = this.#arguments(node);

    if (!operator) {
      throw this.#source.error(node.from, `unknown function with name "${name}"`);
    }

    const { operand, parameter } = checkAggregation(this.#source, node.from, operator, args);
    const modifier = node.getChild('AggregateModifier');

    const expression: Expression = {
      kind: 'aggregation',
      operator,
      parameter: parameter?.expression,
      expression: operand.expression,
      clause: modifier?.getChild('Without') ? 'without' : 'by',
      labels: groupingLabels(this.#source, modifier),
    };

    return this.#placed(expression, node, args);
  }

  #binary(operation: UncheckedOperation): BinaryOperation {
    checkOperation(this.#source, operation);

    const { operator, bool } = operation;
    const left = operation.left.expression;
    const right = operation.right.expression;
    const areVectors = typeOf(left) === 'vector' && typeOf(right) === 'vector';
    const written = areVectors ? (operation.matching ?? oneToOne) : undefined;

    const matching: VectorMatching | undefined =
      written && isSetOperator(operator) ? { ...written, cardinality: 'many-to-many' } : written;

    return { kind: 'binary', operator, bool, matching, left, right };
  }

  #placed(expression: Expression, span: Span, parts: readonly Placed[] = []): Placed {
    const depth = parts.reduce((most, part) => Math.max(most, part.depth), 0) + 1;

    if (depth > MAX_DEPTH) {
      throw tooDeep();
    }

    return { expression, span, depth };
  }
}
