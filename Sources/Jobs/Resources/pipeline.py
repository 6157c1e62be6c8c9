"""Class-conditional latent diffusion, for which diffusers has no pipeline of its own.

    from diffusers import DiffusionPipeline
    pipeline = DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
    pictures = pipeline([281, 282], guidance_scale=3, generator=torch.manual_seed(0)).images

Some versions of diffusers run a folder's Python files only with `trust_remote_code=True`: these are pipeline.py and
class_embedder/class_embedder.py.
"""

import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.torch_utils import randn_tensor


class ClassConditionalLDMPipeline(DiffusionPipeline):
    _optional_components = ["vae", "vqvae"]

    def __init__(self, unet, scheduler, class_embedder, vqvae=None, vae=None):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler, class_embedder=class_embedder, vqvae=vqvae, vae=vae)

    @torch.no_grad()
    def __call__(self, class_labels, num_inference_steps=50, guidance_scale=1.0, eta=0.0, generator=None, output_type="pil", return_dict=True):
        """Draws a picture of each class. Guidance other than 1 needs the empty class, the table's last."""
        device = self._execution_device
        labels = torch.as_tensor(class_labels, device=device).reshape(-1)
        tokens = self.class_embedder(labels).to(self.unet.dtype)
        if guidance_scale != 1:
            tokens = torch.cat([self.class_embedder(torch.full_like(labels, self.class_embedder.config.n_classes - 1)).to(tokens), tokens])
        sides = self.unet.config.sample_size
        sides = tuple(sides) if isinstance(sides, (list, tuple)) else (sides, sides)
        shape = (len(labels), self.unet.config.in_channels, *sides)
        latents = randn_tensor(shape, generator=generator, device=device, dtype=self.unet.dtype) * self.scheduler.init_noise_sigma
        self.scheduler.set_timesteps(num_inference_steps, device=device)
        steps = self.prepare_extra_step_kwargs(generator, eta)
        for timestep in self.progress_bar(self.scheduler.timesteps):
            sample = self.scheduler.scale_model_input(torch.cat([latents] * (2 if guidance_scale != 1 else 1)), timestep)
            prediction = self.unet(sample, timestep, encoder_hidden_states=tokens).sample
            if guidance_scale != 1:
                empty, told = prediction.chunk(2)
                prediction = empty + guidance_scale * (told - empty)
            latents = self.scheduler.step(prediction, timestep, latents, **steps).prev_sample
        autoencoder = self.vqvae if self.vqvae is not None else self.vae
        pictures = autoencoder.decode(latents / autoencoder.config.scaling_factor).sample
        images = VaeImageProcessor().postprocess(pictures, output_type=output_type)
        return ImagePipelineOutput(images=images) if return_dict else (images,)

    def prepare_extra_step_kwargs(self, generator, eta):
        """What the scheduler's step takes of these."""
        known = self.scheduler.step.__code__.co_varnames
        return {name: value for name, value in (("generator", generator), ("eta", eta)) if name in known}
