import type { Conversion } from '../conversion.ts';
import {
  annotationOf,
  type Fields,
  isFields,
  mapFields,
  parseAnnotation,
  withAnnotation,
  withDefaults,
} from '../fields.ts';

/**
 * On stored webhook configurations: side effects that the served version refuses, by the webhook's
 * name.
 */
export const SIDE_EFFECTS = 'conversion.kubesphere.io/side-effects';

/**
 * The side effects that are stored for them: the webhook is called for dry runs, and can see that
 * they are.
 */
const STORED = 'NoneOnDryRun';
const REFUSED: ReadonlySet<unknown> = new Set(['Unknown', 'Some']);

function toServed(object: Fields): Fields {
  const refused: [string, unknown][] = [];

  const served = mapFields(object, 'webhooks[]', (webhook) => {
    const { name, sideEffects } = webhook;
    if (!REFUSED.has(sideEffects) || typeof name !== 'string') {
      return webhook;
    }

    refused.push([name, sideEffects]);

    return { ...webhook, sideEffects: STORED };
  });

  const kept = refused.length === 0 ? undefined : JSON.stringify(Object.fromEntries(refused));

  return withAnnotation(served, SIDE_EFFECTS, kept);
}

function toLegacy(object: Fields): Fields {
  const kept = parseAnnotation(annotationOf(object, SIDE_EFFECTS)) ?? {};

  const legacy = mapFields(object, 'webhooks[]', (webhook) => {
    const { name, sideEffects } = webhook;
    const isKept = sideEffects === STORED && typeof name === 'string' && Object.hasOwn(kept, name);
    return isKept && REFUSED.has(kept[name]) ? { ...webhook, sideEffects: kept[name] } : webhook;
  });

  return withAnnotation(legacy, SIDE_EFFECTS, undefined);
}

function withDefaultsOf(more: Fields): (object: Fields) => Fields {
  return (object) =>
    mapFields(object, 'webhooks[]', (webhook) => ({
      ...withDefaults(webhook, {
        failurePolicy: 'Ignore',
        matchPolicy: 'Exact',
        sideEffects: 'Unknown',
        timeoutSeconds: 30,
        admissionReviewVersions: ['v1beta1'],
        namespaceSelector: {},
        objectSelector: {},
        ...more,
      }),
      ...(Array.isArray(webhook.rules) && {
        rules: webhook.rules.map((rule) =>
          isFields(rule) ? withDefaults(rule, { scope: '*' }) : rule,
        ),
      }),
    }));
}

/** ValidatingWebhookConfigurations of admissionregistration.k8s.io/v1beta1. */
export const validatingWebhooks: Conversion = {
  toServed,
  toLegacy,
  withDefaults: withDefaultsOf({}),
};

/** MutatingWebhookConfigurations of admissionregistration.k8s.io/v1beta1. */
export const mutatingWebhooks: Conversion = {
  toServed,
  toLegacy,
  withDefaults: withDefaultsOf({ reinvocationPolicy: 'Never' }),
};
