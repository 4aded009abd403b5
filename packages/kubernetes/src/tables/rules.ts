import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { listOf, type Subject } from '../registry/resources/core-types.ts';
import { age, type Printer, printer } from './printer.ts';

const name = (object: KubeObject): string => object.metadata.name ?? '';

function subjects(binding: KubeObject, kind: string): string {
  return listOf<Subject>(binding.subjects)
    .filter((subject) => subject.kind === kind)
    .map((subject) =>
      kind === 'ServiceAccount' ? `${subject.namespace ?? ''}/${subject.name}` : subject.name,
    )
    .join(', ');
}

const bindings = printer('Name|Role|Age|Users*|Groups*|ServiceAccounts*', (o, now) => [
  name(o),
  `${o.roleRef?.kind}/${o.roleRef?.name}`,
  age(o, now),
  subjects(o, 'User'),
  subjects(o, 'Group'),
  subjects(o, 'ServiceAccount'),
]);

const webhooks = printer('Name|Webhooks#|Age', (o, now) => [
  name(o),
  o.webhooks?.length ?? 0,
  age(o, now),
]);

function paramKind(object: KubeObject): string {
  const { apiVersion, kind } = object.spec?.paramKind ?? {};
  return kind === undefined ? '<unset>' : `${apiVersion}/${kind}`;
}

function paramRef(object: KubeObject): string {
  const { namespace, name: of, selector } = object.spec?.paramRef ?? {};
  if (of !== undefined) {
    return namespace ? `${namespace}/${of}` : of;
  }

  return selector === undefined ? '<unset>' : '<selector>';
}

const policies = printer('Name|Validations#|ParamKind|Age', (o, now) => [
  name(o),
  o.spec?.validations?.length ?? 0,
  paramKind(o),
  age(o, now),
]);

const policyBindings = printer('Name|PolicyName|ParamRef|Age', (o, now) => [
  name(o),
  o.spec?.policyName ?? '',
  paramRef(o),
  age(o, now),
]);

/** Columns of access, admission and extension kinds, by `group/Kind`. */
export const rulePrinters: Readonly<Record<string, Printer>> = {
  'rbac.authorization.k8s.io/RoleBinding': bindings,
  'rbac.authorization.k8s.io/ClusterRoleBinding': bindings,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': policies,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': policyBindings,
  'apiregistration.k8s.io/APIService': printer('Name|Service|Available|Age', (o, now) => {
    const { namespace, name: service } = o.spec?.service ?? {};
    const available = (o.status?.conditions ?? []).find(
      ({ type }: { type: string }) => type === 'Available',
    );

    const text =
      available?.status === 'True'
        ? 'True'
        : `${available?.status ?? 'Unknown'} (${available?.reason ?? ''})`;

    return [
      name(o),
      service === undefined ? 'Local' : `${namespace}/${service}`,
      text,
      age(o, now),
    ];
  }),
};
