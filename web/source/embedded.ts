// The JSON that edgewise put into the page.
import type {Curve, Report} from './schema';

function embedded(id: string): unknown {
  return JSON.parse(document.getElementById(id)?.textContent ?? 'null');
}

export const report = embedded('report-data') as Report;
export const drawings = (embedded('report-drawings') ?? {}) as Record<string, string>;

/** A text that stands here as zlib in Base64. */
export async function unpacked(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))).text();
}

/** All curves, in the order of the trials. They are the last and largest part of the page. */
export async function embeddedCurves(): Promise<Curve[]> {
  if (document.readyState === 'loading') await new Promise((done) => document.addEventListener('DOMContentLoaded', done));
  const curves: Curve[] = [];
  for (const part of (embedded('report-curves') ?? []) as string[]) curves.push(...(JSON.parse(await unpacked(part)) as Curve[]));
  return curves;
}
