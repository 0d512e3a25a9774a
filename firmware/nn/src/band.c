#include "band.h"

nn_band nn_band_at(const nn_ring *image, uint8_t *arena, int32_t image_height, int32_t top,
                   int32_t height) {
    const int32_t bottom = top + height < image_height ? top + height : image_height;
    const int32_t first = top < 0 ? 0 : top;
    const int32_t ring_bytes = image->rows * image->row_bytes;
    const nn_band band = {
        nn_row_at(image, arena, first),
        (const int8_t *)arena + image->offset + ring_bytes,
        first - top,
        bottom - first,
        image->row_bytes,
        ring_bytes,
    };
    return band;
}

nn_band nn_dilated_band_at(const nn_ring *image, uint8_t *arena, int32_t image_height, int32_t top,
                           int32_t height, int32_t dilation) {
    const int32_t above = top < 0 ? (dilation - 1 - top) / dilation : 0;
    const int32_t left = image_height > top ? (image_height - top + dilation - 1) / dilation : 0;
    const int32_t ring_bytes = image->rows * image->row_bytes;
    const nn_band band = {
        nn_row_at(image, arena, top + above * dilation),
        (const int8_t *)arena + image->offset + ring_bytes,
        above,
        (left < height ? left : height) - above,
        dilation * image->row_bytes,
        ring_bytes,
    };
    return band;
}
