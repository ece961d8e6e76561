// libmicrohttpd for Swift. Its variadic and macro parts get wrappers here.
#pragma once
#include <microhttpd.h>
