/** Commands that run the model. */
#ifndef INFERENCE_H
#define INFERENCE_H

/** "infer N W": W inferences to warm up, then N that are measured. */
void inference_command_infer(const char *arguments);

/** "baseline N": what measuring N inferences takes when they do nothing. */
void inference_command_baseline(const char *arguments);

/** "steps": the ticks of each piece or operator of one inference, in one line. */
void inference_command_steps(const char *arguments);

/** "output": the output tensor. */
void inference_command_output(const char *arguments);

/** "results": the output tensor as decimal numbers. */
void inference_command_results(const char *arguments);

#endif
