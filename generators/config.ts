/**
 * What each generative model can be told; the options of each are in its own file.
 */
import { z } from 'zod';
import { AutoencoderConfig } from './autoencoder-config.ts';
import { DcganConfig } from './dcgan-config.ts';
import { M2Config } from './m2-config.ts';
import { VaeConfig } from './vae-config.ts';
import { WganGpConfig } from './wgan-gp-config.ts';

/** Any model of the zoo, told apart by `kind`. */
export const GeneratorConfig = z.discriminatedUnion('kind', [
  DcganConfig,
  WganGpConfig,
  VaeConfig,
  M2Config,
  AutoencoderConfig,
]);

export type GeneratorConfig = z.output<typeof GeneratorConfig>;
