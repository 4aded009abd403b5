import type { ResourceType } from '../../resource-type.ts';
import type { Attributes } from '../attributes.ts';
import type { Webhook } from './configuration.ts';

/** Whether all matchConditions of a webhook hold. */
export function conditionsMatch(_hook: Webhook, _as: ResourceType, _attributes: Attributes): boolean {
  return true;
}
