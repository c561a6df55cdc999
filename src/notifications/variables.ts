import { DateTime } from 'luxon';
import { z } from 'zod';
import type { FieldError } from '../common/errors.js';
import { fenToYuan, MOST_FEN, toFen } from '../common/money.js';

export const MOST_VARIABLES = 20;
export const MOST_TEXT = 1_000;
export const VARIABLE_TYPES = ['text', 'number', 'amount', 'date', 'datetime', 'time', 'phone'] as const;
export type VariableType = (typeof VARIABLE_TYPES)[number];

/** A value as the developer's server sends it; what it must be like is the type's business. */
export type VariableValue = string | number;
export type VariableData = Readonly<Record<string, VariableValue>>;

export interface Variable {
  readonly name: string;
  readonly type: VariableType;
  /** Stands for a real value when the template is checked and previewed. */
  readonly example: VariableValue;
}

/** Also Chinese: Douyin's fields are named so. */
export const VARIABLE_NAME = /^\p{L}[\p{L}\p{N}_]{0,39}$/u;

/** Values by the variables' names, as a request brings them; `dataProblems` checks them against a template. */
export const variableData = z
  .record(z.string().regex(VARIABLE_NAME), z.union([z.string().max(MOST_TEXT), z.number()]))
  .refine((data) => Object.keys(data).length <= MOST_VARIABLES, `has more than ${MOST_VARIABLES} variables`)
  .meta({
    description:
      'A value for each variable of the template: `amount` an integer in fen, `date` 2026-11-20, `datetime` RFC 3339, `time` 15:01, the rest as it is to be read.',
  });

interface VariableKind {
  /** To go on after the variable's name. */
  readonly rule: string;
  /** As a person reads it in that time zone; undefined when `value` is none of this type. */
  shown(value: VariableValue, zone: string): string | undefined;
}

const NUMBER = /^-?\d{1,20}(\.\d{1,10})?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const PHONE = /^\+?\d[\d -]{2,24}$/;
const DATETIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

const matching = (pattern: RegExp) => (value: VariableValue) =>
  pattern.test(String(value)) ? String(value) : undefined;

/** A moment, written so in its zone; undefined when there is no such day or hour. */
function written(moment: DateTime, format: string): string | undefined {
  return moment.isValid ? moment.toFormat(format) : undefined;
}

const KINDS: Readonly<Record<VariableType, VariableKind>> = {
  text: {
    rule: `must be a text of at most ${MOST_TEXT.toLocaleString('en')} characters`,
    shown: (value) => (typeof value === 'string' && value.length <= MOST_TEXT ? value : undefined),
  },
  number: { rule: 'must be a number of at most 20 digits, and 10 after the point', shown: matching(NUMBER) },
  amount: {
    rule: 'must be an amount: an integer of fen, not negative',
    shown: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_FEN
        ? `¥${fenToYuan(toFen(value))}`
        : undefined,
  },
  date: {
    rule: 'must be a date like 2026-11-20',
    shown: (value) =>
      typeof value === 'string' && DATE.test(value)
        ? written(DateTime.fromISO(value, { zone: 'utc' }), 'yyyy年M月d日')
        : undefined,
  },
  datetime: {
    rule: 'must be a date and time with its offset, like 2026-11-20T15:01:00+08:00',
    shown: (value, zone) =>
      typeof value === 'string' && DATETIME.test(value)
        ? written(DateTime.fromISO(value.toUpperCase(), { zone }), 'yyyy年M月d日 HH:mm')
        : undefined,
  },
  time: {
    rule: 'must be a time of day like 15:01',
    shown: (v) => (typeof v === 'string' ? matching(TIME)(v) : undefined),
  },
  phone: { rule: 'must be a phone number', shown: (v) => (typeof v === 'string' ? matching(PHONE)(v) : undefined) },
};

/** `value` as a person reads it, the same on every platform; undefined when it is none of that type. */
export const shown = (type: VariableType, value: VariableValue, zone: string): string | undefined =>
  KINDS[type].shown(value, zone);

/** What a value of that type must be like, to go on after its name. */
export const ruleOf = (type: VariableType): string => KINDS[type].rule;

/** What is wrong with `data` for these variables: one that is unknown, missing or of the wrong form. */
export function dataProblems(variables: readonly Variable[], zone: string, data: VariableData): FieldError[] {
  const known = new Set(variables.map(({ name }) => name));
  const unknown = Object.keys(data)
    .filter((name) => !known.has(name))
    .map((name) => ({ path: `data.${name}`, message: 'the template has no such variable' }));
  const unfit = variables.flatMap(({ name, type }): FieldError[] => {
    const value = valueOf(data, name);
    if (value === undefined) return [{ path: `data.${name}`, message: 'is missing' }];
    return shown(type, value, zone) === undefined ? [{ path: `data.${name}`, message: ruleOf(type) }] : [];
  });
  return [...unknown, ...unfit];
}

/** The value of a variable, never what every object has. */
export const valueOf = (data: VariableData, name: string): VariableValue | undefined =>
  Object.hasOwn(data, name) ? data[name] : undefined;
