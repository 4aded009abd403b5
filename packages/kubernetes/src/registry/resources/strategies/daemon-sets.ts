import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Strategy } from '../strategy.ts';

/** The annotation that counts changes of the template, for clients of earlier versions. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function setTemplateGeneration(object: KubeObject, generation: number): void {
  object.metadata.annotations = {
    ...object.metadata.annotations,
    [TEMPLATE_GENERATION]: String(generation),
  };
}

/** The strategy of DaemonSets. */
export const daemonSetStrategy: Strategy = {
  generation: true,
  decode(object) {
    object.metadata.annotations = { [TEMPLATE_GENERATION]: '0', ...object.metadata.annotations };
  },
  prepareForCreate: (object) => setTemplateGeneration(object, 1),
  prepareForUpdate(object, old) {
    const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
    const isSame = equalJson(object.spec?.template, old.spec?.template);
    setTemplateGeneration(object, isSame ? before : before + 1);
  },
};
