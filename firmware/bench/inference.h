/** Commands that run the model. */
#ifndef INFERENCE_H
#define INFERENCE_H

/** "infer N W": runs W warm-up inferences, then N measured ones. */
void inference_command_infer(const char *arguments);

/** "baseline N": the ticks of measuring N empty inferences. */
void inference_command_baseline(const char *arguments);

/** Discards the output of the last "infer": its memory may be overwritten from now on. */
void inference_forget(void);

/** "steps": the ticks of each step or operator of one inference, in one line. */
void inference_command_steps(const char *arguments);

/** "output": the output of the last "infer", and its measured values. */
void inference_command_output(const char *arguments);

/** "results": the output of the last "infer" as decimal numbers. */
void inference_command_results(const char *arguments);

#endif
