#include <brotli/encode.h>
#include <zlib.h>

// deflateInit2 is a macro.
static inline int ccompression_gzip_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
