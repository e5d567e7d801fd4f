import { annotations, GROUP } from '@sentinel/crds';

type Values = Readonly<Record<string, string>>;

/** The limits of the policies `sentinel-room` in the API server. */
const LABELS = { entries: 64, bytes: 16_384 };
const ANNOTATIONS = { entries: 64, bytes: 49_152 };

const own: ReadonlySet<string> = new Set([annotations.requestedBy, annotations.amendedBy, annotations.approvals]);
/** Stamps are short; what only has their prefix may be padding. */
const STAMP_BYTES = 2_048;
/** Labels and annotations with which delivery tools find their action again: without them, some would create it again. */
const tracking = /^(argocd\.argoproj\.io|app\.kubernetes\.io|meta\.helm\.sh|helm\.sh|[a-z.]+\.toolkit\.fluxcd\.io)\//;

/**
 * The keys of labels and annotations to remove from an action that exceeds the bounds: the largest first, never those of Sentinel, and those
 * of delivery tools last.
 */
export function aboveBounds(metadata: { readonly labels?: Values | undefined; readonly annotations?: Values | undefined }): {
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
} {
  const foreign = Object.entries(metadata.annotations ?? {}).filter(
    ([key, value]) => !own.has(key) && !(key.startsWith(`${GROUP}/`) && Buffer.byteLength(value) <= STAMP_BYTES),
  );
  return {
    labels: excess(Object.entries(metadata.labels ?? {}), LABELS),
    annotations: excess(foreign, ANNOTATIONS),
  };
}

function excess(
  entries: readonly (readonly [string, string])[],
  most: { readonly entries: number; readonly bytes: number },
): string[] {
  const sized = entries
    .map(([key, value]) => ({ key, bytes: Buffer.byteLength(key) + Buffer.byteLength(value), tracks: tracking.test(key) }))
    .sort((a, b) => Number(b.tracks) - Number(a.tracks) || a.bytes - b.bytes || (a.key < b.key ? -1 : 1));
  let kept = 0;
  let bytes = 0;
  return sized.flatMap((entry) => {
    if (kept + 1 > most.entries || bytes + entry.bytes > most.bytes) return [entry.key];
    kept += 1;
    bytes += entry.bytes;
    return [];
  });
}
