import { larger, smaller } from '../data/numbers.ts';

/** Makes a number of an element's value; the parameter is a number of the same step. */
export type ElementFunction = (value: number, parameter: number) => number;

function sign(value: number): number {
  if (value > 0) {
    return 1;
  }

  return value < 0 ? -1 : value;
}

/** Rounds to a multiple of a number, halves up. */
function round(value: number, nearest: number): number {
  const inverse = 1 / nearest;
  return Math.floor(value * inverse + 0.5) / inverse;
}

/** Functions of each element of an instant vector, which drop the metric's name. */
export const elementFunctions: ReadonlyMap<string, ElementFunction> = new Map(
  Object.entries<ElementFunction>({
    abs: Math.abs,
    acos: Math.acos,
    acosh: Math.acosh,
    asin: Math.asin,
    asinh: Math.asinh,
    atan: Math.atan,
    atanh: Math.atanh,
    ceil: Math.ceil,
    clamp_max: (value, most) => smaller(most, value),
    clamp_min: (value, least) => larger(least, value),
    cos: Math.cos,
    cosh: Math.cosh,
    deg: (value) => (value * 180) / Math.PI,
    exp: Math.exp,
    floor: Math.floor,
    ln: Math.log,
    log10: Math.log10,
    log2: Math.log2,
    rad: (value) => (value * Math.PI) / 180,
    round,
    sgn: sign,
    sin: Math.sin,
    sinh: Math.sinh,
    sqrt: Math.sqrt,
    tan: Math.tan,
    tanh: Math.tanh,
  }),
);
