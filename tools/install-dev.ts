import { noteImages } from '../test/lib/images.ts';
import { evidenceSettings, prepareEvidence, waitForEvidence } from './evidence-volume.ts';
import { installSentinel, makeImages, testSettings } from './install.ts';

/** For work on the programs: builds and loads the images and installs them into the running embedded cluster. */
const images = await makeImages();
noteImages({ sentinel: images.sentinel.reference, tools: images.tools.reference });
await prepareEvidence();
await installSentinel(images.sentinel.reference, {
  ...(process.env.SENTINEL_OTLP_ENDPOINT ? { 'audit.otlpEndpoint': process.env.SENTINEL_OTLP_ENDPOINT } : {}),
  ...evidenceSettings,
  ...testSettings,
});
await waitForEvidence();
process.stderr.write(`==> installed ${images.sentinel.reference}\n`);
