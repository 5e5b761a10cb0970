// Numbers and names as a person reads them.

import {report} from './embedded';

const declared = new Map(report.quantities.map((quantity) => [quantity.name, quantity]));

/** What a recorded value is, where it is declared. */
export const sentenceOf = (name: string): string | undefined => declared.get(name)?.sentence || undefined;

/** Of names that nobody declared: what users record. */
const units: Record<string, string> = {ms: 'ms', mb: 'MB', s: 's', j: 'J', mj: 'mJ', bytes: 'bytes', mhz: 'MHz', w: 'W'};

function unitOf(name: string): {stem: string; unit: string} {
  const at = name.lastIndexOf('_');
  const known = declared.get(name)?.unit;
  const isSuffix = at > 0 && (known ? name.slice(at + 1) === known.toLowerCase() : name.slice(at + 1) in units);
  const unit = known || (isSuffix ? units[name.slice(at + 1)] : undefined);
  return unit ? {stem: isSuffix ? name.slice(0, at) : name, unit} : {stem: name, unit: ''};
}

/** "latency_ms" becomes "latency (ms)". */
export function label(name: string): string {
  const {stem, unit} = unitOf(name);
  const words = stem.replaceAll('_', ' ');
  return unit ? `${words} (${unit})` : words;
}

/** Four significant digits; large counts with M or G. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(2);
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(4))}G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (Number.isInteger(value)) return size >= 1e4 ? value.toLocaleString('en') : String(value);
  if (size >= 1e4) return Math.round(value).toLocaleString('en');
  if (size !== 0 && size < 1e-4) return Number(value.toPrecision(3)).toExponential();
  return String(Number(value.toPrecision(size >= 1000 ? 5 : 4)));
}

/** For sentences and headlines: three digits and the unit. */
export function withUnit(name: string, value: number | null): string {
  if (value === null) return '–';
  const {unit} = unitOf(name);
  const text = Math.abs(value) >= 1e6 ? short(value) : Math.abs(value) >= 1000 ? short(Math.round(value)) : String(Number(value.toPrecision(3)));
  return unit ? `${text} ${unit}` : text;
}

/** "iou 0.871" or "3.12 ms": the name only where no unit tells what it is. */
export function named(name: string, value: number | null): string {
  const {stem, unit} = unitOf(name);
  return unit && stem === 'latency' ? withUnit(name, value) : `${stem.replaceAll('_', ' ')} ${withUnit(name, value)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** "2 h 05 min", "41 s". */
export function duration(seconds: number): string {
  if (seconds < 0.1) return `${Number((seconds * 1000).toPrecision(2))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} kB`;
  return `${Number((count / 1024 / 1024).toPrecision(4))} MB`;
}

export function cut(text: string, length: number): string {
  const points = [...text];
  return points.length > length ? `${points.slice(0, length - 1).join('')}…` : text;
}

/** Quantile of numbers in any order, by the nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0;
}

/** The least and the largest of many numbers: more than a call can have arguments. */
export function extent(values: readonly number[]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** "4.2 %", "0.03 %". */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
