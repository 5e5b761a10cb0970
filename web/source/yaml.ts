// JSON as text that reads like the job file.
import type {Json} from './data';

const plain = /^[A-Za-z_./][\w ./%<>=+*()-]*$/;

function scalar(json: Json): string {
  if (typeof json === 'string') return plain.test(json) && !/^(true|false|null|yes|no|on|off)$/i.test(json) && json === json.trim() ? json : JSON.stringify(json);
  return String(json);
}

const isLeaf = (json: Json): boolean => json === null || typeof json !== 'object';

function inline(json: Json): string | null {
  if (isLeaf(json)) return scalar(json);
  if (Array.isArray(json)) {
    const parts = json.map(inline);
    const text = `[${parts.join(', ')}]`;
    return parts.every((part) => part !== null) && text.length <= 72 ? text : null;
  }
  const parts = Object.entries(json as {[name: string]: Json}).map(([name, value]) => {
    const text = inline(value);
    return text === null ? null : `${scalar(name)}: ${text}`;
  });
  const text = `{${parts.join(', ')}}`;
  return parts.every((part) => part !== null) && text.length <= 48 ? text : null;
}

export function toYaml(json: Json, indent = ''): string {
  if (isLeaf(json)) return `${indent}${scalar(json)}`;
  if (Array.isArray(json)) return json.map((item) => `${indent}- ${inline(item) ?? toYaml(item, `${indent}  `).trimStart()}`).join('\n');
  return Object.entries(json as {[name: string]: Json})
    .map(([name, value]) => {
      const short = isLeaf(value) || Array.isArray(value) || indent !== '' || Object.keys(value as object).length === 0 ? inline(value) : null;
      return short === null ? `${indent}${scalar(name)}:\n${toYaml(value, `${indent}  `)}` : `${indent}${scalar(name)}: ${short}`;
    })
    .join('\n');
}
