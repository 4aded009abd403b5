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
function create(options: { unlistedVariablesAreDyn: boolean }): Environment {
  const environment = new Environment({
    ...options,
    enableOptionalTypes: true,
    // The arguments of `format` may be of different types.
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

/** The environment that evaluates expressions: any variable may be given. */
export const evaluation = create({ unlistedVariablesAreDyn: true });

/** The environment that checks expressions: clones of it declare the variables there are. */
export const declared = create({ unlistedVariablesAreDyn: false });
