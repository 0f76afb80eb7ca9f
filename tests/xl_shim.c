/* SPDX-FileCopyrightText: The xentui authors
 * SPDX-License-Identifier: MIT
 *
 * Lets "xl create -n", which only reads a config, run where there is no Xen: the calls that would
 * open the hypervisor and Xenstore succeed, and a machine of 64 processors and one NUMA node is
 * there. Preloaded; the sizes are generous, as the callers only look at a few members.
 *
 * gcc -shared -fPIC -O1 -o xl_shim.so xl_shim.c
 */
#include <stdlib.h>

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned flags)
{
    return calloc(1, 65536);
}

int xc_interface_close(void *handle) { return 0; }
void *xs_open(unsigned long flags) { return calloc(1, 65536); }
void *xs_daemon_open(void) { return calloc(1, 65536); }
void xs_close(void *handle) {}
int xs_fileno(void *handle) { return -1; }
int xc_get_max_cpus(void *handle) { return 64; }
int xc_get_max_nodes(void *handle) { return 1; }
int libxl_get_max_cpus(void *ctx) { return 64; }
int libxl_get_max_nodes(void *ctx) { return 1; }

/* libxl_version_info begins with two numbers and four texts; dom0_mem turns ballooning off. */
static struct {
    int major, minor;
    const char *extra, *compiler, *compile_by, *compile_domain, *compile_date, *capabilities,
               *changeset;
    unsigned long virt_start;
    int pagesize;
    const char *commandline, *build_id;
} version = { 4, 17, "", "", "", "", "", "xen-3.0-x86_64 hvm-3.0-x86_64", "", 0, 4096,
              "dom0_mem=512M", "" };

const void *libxl_get_version_info(void *ctx) { return &version; }

/* What is looked at in a libxl_physinfo is zero from its initialisation, which is enough. */
int libxl_get_physinfo(void *ctx, void *physinfo) { return 0; }
int libxl_get_physinfo_0x041700(void *ctx, void *physinfo) { return 0; }
