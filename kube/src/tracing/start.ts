import type { Logger } from '../logger.ts';
import type { TracingSettings } from './settings.ts';

/** Starts tracing if an endpoint is set, and loads nothing for it otherwise. The answer stops it; it never rejects. */
export async function startTracing(settings: TracingSettings, logger: Logger): Promise<() => Promise<void>> {
  const { endpoint } = settings;
  if (endpoint === undefined || settings.samplingRatio === 0) return async () => undefined;
  const { startSdk } = await import('./sdk.ts');
  return startSdk({ ...settings, endpoint }, logger);
}
