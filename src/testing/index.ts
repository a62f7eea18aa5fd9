export { given, type Circumstances } from './given.ts';
