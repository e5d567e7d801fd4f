/** An embedded real Kubernetes, for the demo and the tests. */
export { acceptIssuers, type JwtAuthenticator } from './authentication.ts';
export { goModule } from './build/go.ts';
export { buildImage, type Image, type ImageRecipe } from './build/image.ts';
export { nodeFiles, nodeImage, toolsImage } from './build/image-kinds.ts';
export { buildPrograms, type Programs } from './build/programs.ts';
export { clientKubeconfig, type Identity } from './certificates.ts';
export { readTrail, type Trail } from './collector/read-trail.ts';
export { type Collector, startCollector } from './collector/start-collector.ts';
export { down } from './down.ts';
export { type FakeNodes, startKwok } from './fake-nodes.ts';
export { killKubelet } from './kubelet.ts';
export { fakeNodeTaint, fakeNodeToleration } from './kwok.ts';
export { loadImage } from './load.ts';
export { layout, paths } from './machine/paths.ts';
export {
  buildNetpolConformance,
  kernelHasSctp,
  type NetpolConformance,
  netpolConformanceArgs,
  netpolConformanceReport,
} from './netpol-conformance.ts';
export { type Status, status } from './status.ts';
export { traces } from './traces.ts';
export { up } from './up.ts';
