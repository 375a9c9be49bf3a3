/* SPDX-License-Identifier: MIT */
/*
 * What an ordinary kernel needs of a processor, in the order in which it needs it, from real mode to ring 3 and back.
 * (Source: Intel SDM volume 3, chapters 3 to 6 and 9.9; AMD APM volume 2, chapters 4 to 6.)
 *
 * It is copied to guest memory as it is and runs there, so every address is one of the guest's: AT(label).
 */
#include "qemu/kvm_guest.h"

#if defined(__x86_64__)

#define AT(label) ((label) - aq_kvm_guest + AQ_KVM_GUEST_BASE)

/* Guest memory beside the code. Page tables: one for each level, the third level twice (low and upper half). */
#define STACK_REAL 0x7000
#define PML4 0x10000
#define PDPT_LOW 0x11000
#define PDPT_HIGH 0x12000
#define PAGE_DIRECTORY 0x13000
#define FXSAVE_AREA 0x14000
#define PER_CPU 0x15000
#define STACK_KERNEL 0x20000
#define STACK_INTERRUPT 0x22000
#define STACK_USER 0x24000
#define UPPER_HALF 0xffffffff80000000

/* Descriptors, in the order that syscall and sysret presuppose: kernel code, kernel data; 32-bit code, user data,
   user code. */
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define CODE_32 0x18
#define USER_DATA 0x20
#define USER_CODE 0x28
#define TASK 0x30

#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_EM 0x4
#define CR0_NO_CACHE 0x60000000 /* CD, NW */
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define CR4_PGE 0x80
#define CR4_SSE 0x600 /* OSFXSR, OSXMMEXCPT */
#define MSR_EFER 0xc0000080
#define EFER_SCE 0x1
#define EFER_LME 0x100
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_SFMASK 0xc0000084
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

#define PAGE 0x7   /* present, writable, user */
#define LARGE 0x80 /* a page of 2 MiB */

#define KERNEL_MARK 0x4b45524e
#define USER_MARK 0x55534552

    .macro step which
    mov $\which, %al
    out %al, $AQ_KVM_GUEST_PORT
    .endm

    .macro write_msr number, low, high
    mov $\number, %ecx
    mov $\low, %eax
    mov $\high, %edx
    wrmsr
    .endm

    .section .rodata
    .balign 16
    .globl aq_kvm_guest, aq_kvm_guest_end
    .hidden aq_kvm_guest, aq_kvm_guest_end
aq_kvm_guest:
    .code16
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $STACK_REAL, %sp
    step AQ_KVM_STEP_REAL_MODE

    lgdtl AT(gdt_pointer)
    mov %cr0, %eax
    and $~CR0_NO_CACHE, %eax /* as it comes out of a reset */
    or $CR0_PE, %eax
    mov %eax, %cr0
    ljmpl $CODE_32, $AT(protected_mode)

    .code32
protected_mode:
    mov $KERNEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    mov $STACK_KERNEL, %esp
    step AQ_KVM_STEP_PROTECTED_MODE

    /* The first 2 MiB at 0 and once more at the start of the upper half's last 2 GiB. */
    cld
    xor %eax, %eax
    mov $PML4, %edi
    mov $(4 * 4096 / 4), %ecx
    rep stosl
    movl $(PDPT_LOW | PAGE), PML4
    movl $(PDPT_HIGH | PAGE), PML4 + 511 * 8
    movl $(PAGE_DIRECTORY | PAGE), PDPT_LOW
    movl $(PAGE_DIRECTORY | PAGE), PDPT_HIGH + 510 * 8
    movl $(LARGE | PAGE), PAGE_DIRECTORY
    mov %cr4, %eax
    or $CR4_PAE, %eax
    mov %eax, %cr4
    mov $PML4, %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $(EFER_LME | EFER_SCE), %eax
    wrmsr
    mov %cr0, %eax
    or $CR0_PG, %eax
    mov %eax, %cr0
    ljmp $KERNEL_CODE, $AT(long_mode)

    .code64
long_mode:
    step AQ_KVM_STEP_LONG_MODE

    lgdt AT(gdt_pointer)
    lidt AT(idt_pointer)
    mov $TASK, %eax
    ltr %ax
    str %ecx
    cmp %eax, %ecx
    jne give_up
    step AQ_KVM_STEP_TABLES

    mov %cr4, %rax
    or $CR4_PGE, %rax
    mov %rax, %cr4
    mov %cr3, %rax
    mov %rax, %cr3
    invlpg 0
    write_msr MSR_STAR, 0, ((CODE_32 | 3) << 16) + KERNEL_CODE
    write_msr MSR_LSTAR, AT(on_syscall), 0
    write_msr MSR_SFMASK, 0x200, 0
    mov $MSR_LSTAR, %ecx
    rdmsr
    cmp $AT(on_syscall), %eax
    jne give_up
    mov $MSR_EFER, %ecx
    rdmsr
    test $EFER_SCE, %eax
    jz give_up
    step AQ_KVM_STEP_REGISTERS

    mov %cr0, %rax
    and $~CR0_EM, %eax
    or $CR0_MP, %eax
    mov %rax, %cr0
    mov %cr4, %rax
    or $CR4_SSE, %rax
    mov %rax, %cr4
    mov $21, %eax
    cvtsi2sd %eax, %xmm0
    movaps %xmm0, %xmm1
    addsd %xmm1, %xmm0
    cvttsd2si %xmm0, %ecx
    cmp $42, %ecx
    jne give_up
    step AQ_KVM_STEP_SSE

    fxsave FXSAVE_AREA
    xorps %xmm0, %xmm0
    fxrstor FXSAVE_AREA
    cvttsd2si %xmm0, %ecx
    cmp $42, %ecx
    jne give_up
    step AQ_KVM_STEP_FXSAVE

    xor %ebx, %ebx
    ud2
    cmp $1, %ebx /* on_invalid_opcode was there, and its iretq came back */
    jne give_up
    step AQ_KVM_STEP_EXCEPTION

    mov $(UPPER_HALF + AT(upper_half)), %rax
    jmp *%rax
upper_half:
    step AQ_KVM_STEP_UPPER_HALF
    mov $AT(lower_half), %eax
    jmp *%rax
lower_half:

    /* What swapgs is to swap: the kernel's mark is there only after it. */
    movl $USER_MARK, PER_CPU
    movl $KERNEL_MARK, PER_CPU + 16
    write_msr MSR_GS_BASE, PER_CPU, 0
    write_msr MSR_KERNEL_GS_BASE, PER_CPU + 16, 0
    xor %ebx, %ebx
    mov $AT(user), %ecx
    mov $2, %r11d /* flags: none but the one that is always set */
    mov $STACK_USER, %esp
    sysretq

    /* Ring 3: there and back by both ways, and then for good. */
user:
    syscall
    cmp $1, %ebx
    jne give_up
    int $0x80
    cmp $2, %ebx
    jne give_up
    syscall

on_syscall:
    mov %cs, %eax
    test $3, %eax
    jnz give_up
    swapgs
    cmpl $KERNEL_MARK, %gs:0
    jne give_up
    mov %rsp, %r10
    mov $STACK_KERNEL, %esp
    cmp $2, %ebx
    je back_for_good
    step AQ_KVM_STEP_SYSCALL
    inc %ebx
    mov %r10, %rsp
    swapgs
    sysretq

on_interrupt:
    mov %cs, %eax
    test $3, %eax
    jnz give_up
    lea 40(%rsp), %rax /* five words are on the stack that the task segment names */
    cmp $STACK_INTERRUPT, %rax
    jne give_up
    step AQ_KVM_STEP_INTERRUPT
    inc %ebx
    iretq

on_invalid_opcode:
    inc %ebx
    addq $2, (%rsp) /* past the ud2 */
    iretq

    /* Milliseconds on a processor; seconds where each instruction is emulated. */
back_for_good:
    mov $4000000, %ecx
1:  dec %ecx
    jnz 1b
    step AQ_KVM_STEP_LOOP
    step AQ_KVM_STEP_END
give_up:
    hlt
    jmp give_up

    .balign 16
gdt:
    .quad 0
    .quad 0x00af9b000000ffff /* KERNEL_CODE */
    .quad 0x00cf93000000ffff /* KERNEL_DATA */
    .quad 0x00cf9b000000ffff /* CODE_32 */
    .quad 0x00cff3000000ffff /* USER_DATA */
    .quad 0x00affb000000ffff /* USER_CODE */
    .word 103, AT(task)      /* TASK: 16 bytes */
    .byte 0, 0x89, 0, 0
    .quad 0
gdt_pointer:
    .word gdt_pointer - gdt - 1
    .quad AT(gdt)

    .balign 16
task:
    .long 0
    .quad STACK_INTERRUPT
    .fill 92
    .balign 16
idt:
    .fill 6 * 16
    .word AT(on_invalid_opcode), KERNEL_CODE, 0x8e00, 0, 0, 0, 0, 0
    .fill (0x80 - 7) * 16
    .word AT(on_interrupt), KERNEL_CODE, 0xee00, 0, 0, 0, 0, 0
idt_pointer:
    .word idt_pointer - idt - 1
    .quad AT(idt)
aq_kvm_guest_end:

#endif

    .section .note.GNU-stack, "", @progbits
