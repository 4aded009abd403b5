import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue, required } from '@ks-apiserver/apimachinery/validation/field';
import { timestamp } from '../metadata.ts';
import type { Strategy } from '../strategy.ts';
import { withCondition } from './conditions.ts';
import { CLEANUP_FINALIZER, type Definition } from './definition.ts';
import { validateDefinition } from './validate-definition.ts';

const PROTECTED_GROUP = /(^|\.)(k8s\.io|kubernetes\.io)$/;
const APPROVAL = 'api-approved.kubernetes.io';
const APPROVAL_LINK = 'see https://github.com/kubernetes/enhancements/pull/1111';

/** What decoding fills in (apiextensions/v1 SetDefaults_CustomResourceDefinitionSpec and others). */
function setDefaults({ spec }: Definition): void {
  if (!spec?.names) return;
  if (spec.names.kind) {
    spec.names.singular ||= spec.names.kind.toLowerCase();
    spec.names.listKind ||= `${spec.names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= 443;
}

function storageVersion({ spec }: Definition): string | undefined {
  return spec?.versions?.find?.(({ storage }) => storage)?.name;
}

/** A group of Kubernetes itself needs an annotation that says who approved of it. */
function approvalCauses({ metadata, spec }: Definition) {
  if (!PROTECTED_GROUP.test(spec?.group ?? '')) return [];
  const given = metadata.annotations?.[APPROVAL];
  const field = `metadata.annotations[${APPROVAL}]`;
  if (given === undefined || given === '')
    return [required(field, `protected groups must have approval annotation "${APPROVAL}", ${APPROVAL_LINK}`)];
  if (given.startsWith('unapproved')) return [];
  if (URL.canParse(given) && given.includes('://')) return [];
  const why = `protected groups must have approval annotation "${APPROVAL}" with either a URL or a reason starting with "unapproved", ${APPROVAL_LINK}`;
  return [invalidValue(field, given, why)];
}

/** CustomResourceDefinitions; their names are accepted by the registrar, which `accepted` waits for, so that they serve at once. */
export function definitionStrategy(accepted: (name: string) => Promise<void>): Strategy {
  return {
    generation: true,
    marksPlainly: true,
    unconditionalUpdate: false,
    decode(object: KubeObject, _old, { subresource }) {
      const definition = object as Definition;
      if (subresource === '') setDefaults(definition);
      const storage = storageVersion(definition);
      if (definition.status && !definition.status.storedVersions?.length && storage !== undefined)
        definition.status.storedVersions = [storage];
    },
    prepareForCreate(object: KubeObject) {
      const definition = object as Definition;
      const storage = storageVersion(definition);
      definition.status = {
        conditions: null,
        acceptedNames: { plural: '', kind: '' },
        storedVersions: storage === undefined ? [] : [storage],
      };
    },
    prepareForUpdate(object: KubeObject, _old, { subresource }) {
      if (subresource !== '') return;
      const definition = object as Definition;
      const storage = storageVersion(definition);
      const stored = definition.status?.storedVersions ?? [];
      if (definition.status && storage !== undefined && !stored.includes(storage))
        definition.status = { ...definition.status, storedVersions: [...stored, storage] };
    },
    validate(object, old, { subresource }) {
      if (subresource === 'status') return [];
      const definition = object as Definition;
      const causes = validateDefinition(definition, old as Definition | undefined);
      return old ? causes : [...causes, ...approvalCauses(definition)];
    },
    beforeDelete(object, { now }) {
      const definition = object as Definition;
      if (definition.metadata.deletionTimestamp) return;
      const { finalizers = [] } = definition.metadata;
      if (!finalizers.includes(CLEANUP_FINALIZER)) definition.metadata.finalizers = [...finalizers, CLEANUP_FINALIZER];
      const message = 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon';
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
