/** An embedded real Kubernetes, for the demo and the tests. */
export { clientKubeconfig, type Identity } from './certificates.ts';
export { down } from './down.ts';
export { goModule } from './go.ts';
export { buildImage, type Image, type ImageRecipe } from './image.ts';
export { nodeImage, toolsImage } from './image-kinds.ts';
export { killKubelet } from './kubelet.ts';
export { loadImage } from './load.ts';
export { layout, paths } from './paths.ts';
export { buildPrograms, type Programs } from './programs.ts';
export { type Status, status } from './status.ts';
export { traces } from './traces.ts';
export { up } from './up.ts';
