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

/** What is known of an expression before it is evaluated: its type, or why it has none. */
export type Checked = { valid: true; type: string } | { valid: false; error: unknown };

/**
 * Evaluates with these variables; throws a failure, also where it takes more steps than a budget
 * leaves.
 */
export type Evaluate = (variables: Record<string, unknown>, budget: Budget) => unknown;

function parse(environment: Environment, text: string): Parsed {
  const { text: readable, marks } = markOptionalEntries(text);
  const parsed = environment.parse(readable) as unknown as Parsed;
  amend(parsed.ast, marks);
  return parsed;
}

/** Checks an expression against the variables that an environment declares. */
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

/** An expression that was found right, ready to be evaluated often. */
export function compileExpression(text: string): Evaluate {
  const parsed = parse(evaluation, text);
  const checked = parsed.check();
  if (!checked.valid) {
    throw checked.error;
  }

  chargeParts(parsed.ast);

  return (variables, budget) => within(budget, () => parsed(variables));
}
