import { Environment } from '@marcbachmann/cel-js';
import { addComprehensions } from './comprehensions.ts';
import { addAddresses } from './functions/addresses.ts';
import { addConversions } from './functions/conversions.ts';
import { addFormats } from './functions/formats.ts';
import { addLists } from './functions/lists.ts';
import { addQuantitiesAndVersions } from './functions/quantities.ts';
import { addTexts } from './functions/texts.ts';

/**
 * A new CEL environment with Kubernetes' functions (kubernetes.io "Common Expression Language in
 * Kubernetes").
 */
function create(unlistedVariablesAreDyn: boolean): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn,
    enableOptionalTypes: true,
    // Arguments of `format` are of any types.
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 5_000, maxDepth: 100 },
  });

  addTexts(environment);
  addLists(environment);
  addQuantitiesAndVersions(environment);
  addAddresses(environment);
  addFormats(environment);
  addConversions(environment);
  addComprehensions(environment);

  return environment;
}

/** Where expressions are evaluated: variables are what they are given. */
export const evaluation = create(true);

/** Where expressions are checked: clones declare their variables. */
export const declared = create(false);
