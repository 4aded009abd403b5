import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { labelValueErrors } from '@ks-apiserver/apimachinery/validation/names';
import { cidrErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each, repetition } from '../causes.ts';
import { validateTaintEffect } from '../pods/scheduling.ts';
import { validateAmount } from '../resources.ts';
import type { Validator } from '../validator.ts';

function validateTaints(list: readonly Fields[] | undefined, at: string, out: Causes): void {
  const seen = new Set<string>();
  each(list, at, (taint, path) => {
    const { key = '', value = '', effect = '' } = taint;
    out.qualifiedName(`${path}.key`, key);

    const errors = labelValueErrors(value);
    if (errors.length > 0) {
      out.invalid(`${path}.value`, value, errors.join(';'));
    }

    validateTaintEffect(effect, `${path}.effect`, out);

    if (seen.has(`${effect}/${key}`)) {
      const shown = JSON.stringify({
        Key: key,
        Value: value,
        Effect: effect,
        TimeAdded: taint.timeAdded ?? null,
      });

      const message = `Duplicate value: ${shown}: taints must be unique by key and effect pair`;
      out.add({ reason: 'FieldValueDuplicate', message, field: path });
    }

    seen.add(`${effect}/${key}`);
  });
}

function validateAmounts(status: Fields, out: Causes): void {
  for (const field of ['capacity', 'allocatable']) {
    for (const [name, amount] of Object.entries(status[field] ?? {})) {
      validateAmount(name, amount, `status.${field}.${name}`, out);
    }
  }
}

function validateNetworks(list: readonly string[], out: Causes): void {
  each(list, 'spec.podCIDRs', (cidr, path) => out.each(path, cidr, cidrErrors(cidr)));

  const sixes = list.filter((cidr) => cidr.includes(':')).length;
  if (list.length > 1 && (list.length > 2 || sixes !== 1)) {
    out.invalid('spec.podCIDRs', list, 'may specify no more than one CIDR for each IP family');
  }
}

/** Nodes. */
export const nodes: Validator = ({ spec = {}, status = {} }, old, out) => {
  if (!old) {
    validateTaints(spec.taints, 'metadata.taints', out);
    validateAmounts(status, out);
    validateNetworks(spec.podCIDRs ?? [], out);
    return;
  }

  validateTaints(spec.taints, 'metadata.taints', out);

  const { spec: before = {} } = old;

  validateAmounts(status, out);

  const isRepeated = repetition();
  each<Fields>(status.addresses, 'status.addresses', (address, path) => {
    if (!isRepeated(JSON.stringify([address.type, address.address]))) {
      return;
    }
    out.duplicate(path, { Type: address.type, Address: address.address });
  });

  const once = (field: string, name: string) =>
    out.forbidden(`spec.${field}`, `node updates may not change ${name} except from "" to valid`);

  if (before.podCIDRs?.length > 0 && !equalJson(spec.podCIDRs ?? [], before.podCIDRs)) {
    once('podCIDRs', 'podCIDR');
  }
  if (before.providerID && before.providerID !== spec.providerID) {
    once('providerID', 'providerID');
  }

  validateTaints(spec.taints, 'metadata.taints', out);

  if ((spec.externalID ?? '') !== (before.externalID ?? '')) {
    out.forbidden('spec.externalID', 'may not be updated');
  }
};
