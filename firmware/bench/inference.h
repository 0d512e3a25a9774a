/** Commands that run the model. */
#ifndef INFERENCE_H
#define INFERENCE_H

/** "infer N W": W inferences to warm up, then N that are measured. */
void inference_command_infer(const char *arguments);

/** "baseline N": what measuring N inferences takes when they do nothing. */
void inference_command_baseline(const char *arguments);

/** Forget the output of the last "infer": its memory may hold something else from now on. */
void inference_forget(void);

/** "steps": the ticks of each piece or operator of one inference, in one line. */
void inference_command_steps(const char *arguments);

/** "output": the output of the last "infer", and what was measured of it. */
void inference_command_output(const char *arguments);

/** "results": the output of the last "infer" as decimal numbers. */
void inference_command_results(const char *arguments);

#endif
