import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { Strategy } from '../../resources/strategy.ts';
import { approvalCauses } from './approval.ts';
import { withCondition } from './conditions.ts';
import { CLEANUP_FINALIZER, type Definition } from './definition.ts';
import { formatWarnings } from './formats.ts';
import { validateDefinition } from './validate-definition.ts';

/**
 * Sets the defaults of decoding (apiextensions/v1 SetDefaults_CustomResourceDefinitionSpec and
 * others).
 */
function setDefaults({ spec }: Definition): void {
  if (!spec?.names) {
    return;
  }

  if (spec.names.kind) {
    spec.names.singular ||= spec.names.kind.toLowerCase();
    spec.names.listKind ||= `${spec.names.kind}List`;
  }

  spec.conversion ??= { strategy: 'None' };

  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) {
    service.port ??= 443;
  }
}

function storageVersion({ spec }: Definition): string | undefined {
  return spec?.versions?.find?.(({ storage }) => storage)?.name;
}

/**
 * The strategy of CustomResourceDefinitions. A write waits for `accepted`, until the registrar has
 * accepted the names, so that the resource is served at once.
 */
export function definitionStrategy(accepted: (name: string) => Promise<void>): Strategy {
  return {
    generation: true,
    marksPlainly: true,
    unconditionalUpdate: false,
    decode(definition: Definition, _old, { subresource }) {
      if (subresource === '') {
        setDefaults(definition);
      }

      const storage = storageVersion(definition);
      if (definition.status && !definition.status.storedVersions?.length && storage !== undefined) {
        definition.status.storedVersions = [storage];
      }
    },
    prepareForCreate(definition: Definition) {
      const storage = storageVersion(definition);
      definition.status = {
        conditions: null,
        acceptedNames: { plural: '', kind: '' },
        storedVersions: storage === undefined ? [] : [storage],
      };
    },
    prepareForUpdate(definition: Definition, _old, { subresource }) {
      if (subresource !== '') {
        return;
      }

      const storage = storageVersion(definition);
      const stored = definition.status?.storedVersions ?? [];
      if (definition.status && storage !== undefined && !stored.includes(storage)) {
        definition.status = { ...definition.status, storedVersions: [...stored, storage] };
      }
    },
    validate(definition: Definition, old: Definition | undefined, { subresource }) {
      if (subresource === 'status') {
        return [];
      }

      return [...validateDefinition(definition, old), ...approvalCauses(definition, old)];
    },
    warnings(definition: Definition, old: Definition | undefined, { subresource }) {
      return subresource === '' ? formatWarnings(definition, old) : [];
    },
    beforeDelete(definition: Definition, { now }) {
      if (definition.metadata.deletionTimestamp) {
        return;
      }

      const { finalizers = [] } = definition.metadata;
      if (!finalizers.includes(CLEANUP_FINALIZER)) {
        definition.metadata.finalizers = [...finalizers, CLEANUP_FINALIZER];
      }

      const message =
        'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon';
      definition.status = withCondition(
        definition,
        'Terminating',
        'True',
        'InstanceDeletionPending',
        message,
        timestamp(now),
      );
    },
    afterWrite: (name, subresource) => (subresource === '' ? accepted(name) : Promise.resolve()),
  };
}
