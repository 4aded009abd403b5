import type { Environment } from '@marcbachmann/cel-js';
import { amend } from './amend.ts';
import { type Budget, chargeParts, within } from './budget.ts';
import { evaluation } from './environment.ts';
import type { Node } from './node.ts';
import { markOptionalEntries } from './optional-entries.ts';

interface Parsed {
  (variables: Record<string, unknown>): unknown;
  ast: Node;
  check(): Checked;
}

/** The result of checking an expression: its type, or the error. */
export type Checked = { valid: true; type: string } | { valid: false; error: unknown };

/**
 * Evaluates an expression; throws its error, also where it needs more steps than the budget has.
 */
export type Evaluate = (variables: Record<string, unknown>, budget: Budget) => unknown;

function parse(environment: Environment, text: string): Parsed {
  const { text: readable, marks } = markOptionalEntries(text);
  const parsed = environment.parse(readable) as unknown as Parsed;
  amend(parsed.ast, marks);
  return parsed;
}

/** Checks an expression with the variables of an environment. */
export function checkExpression(environment: Environment, text: string): Checked {
  let parsed: Parsed;

  try {
    parsed = parse(environment, text);
  } catch (error) {
    return { valid: false, error };
  }

  const checked = parsed.check();

  return checked.valid ? { valid: true, type: String(checked.type) } : checked;
}

/** Compiles a checked expression for repeated evaluation. */
export function compileExpression(text: string): Evaluate {
  const parsed = parse(evaluation, text);
  const checked = parsed.check();
  if (!checked.valid) {
    throw checked.error;
  }

  chargeParts(parsed.ast);

  return (variables, budget) => within(budget, () => parsed(variables));
}
