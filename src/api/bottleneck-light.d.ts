// The package types only its full entry; the light one is the same without the Redis code.
declare module 'bottleneck/light.js' {
  export { default } from 'bottleneck';
}
